local t = {}
for i = 1, 100 do t[#t + 1] = ("x"):rep(i):gsub("x+", "%0y") end
table.sort(t, function(a, b) return #a > #b end)
local ok, e = pcall(function(...) return select("#", ...) + nil end, 1, 2)
print(ok, e, math.random(10), string.format("%5.2f %q", 1.5, "a\nb"), next(t))
while true do t = { t } end
