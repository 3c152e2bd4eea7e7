-- expect: error
os.getenv("HOME")
