-- expect: budget
local été = 1 while été do end
