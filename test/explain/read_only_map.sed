s/const volatile/volatile/
