-- expect: memory|budget
local s = "xxxxxxxx" while true do pcall(function() s = s .. s end) end
