-- expect: error
return os.date("%c", math.huge)
