-- expect: refused
-- run: load
indicator { name = "x", update = 1 }
