-- expect: budget|memory
-- run: load
while true do pcall(error) end
