-- expect: refused
-- run: load
indicator { name = "x", update = print, outputs = { "ready" } }
