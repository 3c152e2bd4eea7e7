-- expect: ok
if tostring({}) ~= "table" or tostring(print) ~= "function" then error("ESCAPED") end
