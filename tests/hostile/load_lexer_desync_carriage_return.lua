-- expect: budget
-- run: load
local s = 1 -- commentwhile true do end
