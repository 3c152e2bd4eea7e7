local s = [==[ ]] 
]==] --[[ x ]] local t = "\065\x41\z
  \u{41}" goto out ::out:: return function(...) while true do end end -- 0x1p4 1e5 .5
