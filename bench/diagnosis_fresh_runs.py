"""x"""
def fresh_runs(): return ()
