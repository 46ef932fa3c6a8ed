s,raw_tp/sys_enter,xdp,
