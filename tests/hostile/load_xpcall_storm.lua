-- expect: budget|memory
-- run: load
while true do xpcall(error, function() return 1 end) end
