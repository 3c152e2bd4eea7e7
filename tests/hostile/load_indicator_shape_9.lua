-- expect: refused
-- run: load
indicator { name = "x", update = print, params = { { "n", 5, 6, 7 } } }
