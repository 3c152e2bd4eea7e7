-- expect: error
for k in pairs({ [{}] = 1, [{}] = 2 }) do end
