-- expect: error
os.execute("true")
