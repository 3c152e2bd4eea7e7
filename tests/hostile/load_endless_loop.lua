-- expect: budget
-- run: load
while true do end
