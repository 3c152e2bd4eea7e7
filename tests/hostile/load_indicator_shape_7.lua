-- expect: refused
-- run: load
indicator { name = "x", update = print, params = { "period" } }
