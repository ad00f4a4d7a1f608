"""Compare, the home page: choose a scenario, train its algorithms side by side, and watch the live charts. `streamlit run app.py` imports this
file once, for the server, and runs it on every visit, for the page."""

import streamlit as st

if __name__ == "__main__":
    from pages.shared.common.frame import embedded, frame
    from pages.shared.compare.embedded import embedded_page
    from pages.shared.compare.page import compare_page
    from pages.shared.your_run.opening import open_what_is_watched

    frame("Compare")
    if embedded():
        embedded_page()
    else:
        open_what_is_watched()
        compare_page()
else:
    from hosting.application import MIDDLEWARE, ROUTES, from_start_to_stop

    app = st.App(__file__, routes=ROUTES, middleware=MIDDLEWARE, lifespan=from_start_to_stop)
