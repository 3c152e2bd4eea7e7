-- expect: refused
-- run: load
indicator { name = "a b", update = function() end }
