-- expect: refused
-- run: load
indicator { name = "x", update = print, outputs = setmetatable({}, { __index = function() while true do end end }) }
