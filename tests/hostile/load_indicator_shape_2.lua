-- expect: refused
-- run: load
indicator { name = "x" }
