-- expect: refused
-- run: load
indicator { name = "x", update = print, init = 3 }
