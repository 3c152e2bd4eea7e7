-- expect: budget
local s = "do end while repeat" while s do end
