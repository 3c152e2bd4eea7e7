-- expect: refused
-- run: load
indicator { name = "x", update = print, colour = 1 }
