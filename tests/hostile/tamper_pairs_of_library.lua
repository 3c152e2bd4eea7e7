-- expect: ok
for name, f in pairs(string) do if name == "dump" then error("ESCAPED") end end
