"""The local page: a session, its questions, its report and earlier ones, in a browser.

``wish`` is what a runner asks for, ``front_end`` the screen and the controls of a session for a
page (`tremor.session.interface`), ``run`` the one session that runs or ran last, ``interview`` the
questions after it, ``captures`` what was dropped, ``shelf`` the sessions on the disk. ``guard``
decides which requests are answered, ``pages`` answers them, ``server`` listens. A recording runs
in this process and goes on whether a page is open or not. Needs the extra ``app``.
"""
