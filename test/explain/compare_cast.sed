s/(int)off/off/g
