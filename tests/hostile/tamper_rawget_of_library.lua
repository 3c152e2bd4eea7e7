-- expect: ok
if rawget(string, "rep") ~= nil then error("ESCAPED") end
