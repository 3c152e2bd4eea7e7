-- expect: budget
while --[==[ do ]==] true --[[ end ]] do --]] 
end
