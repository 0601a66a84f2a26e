"""Right answers to the exercises, found by other means: formulas, libraries, brute force; one file a notebook.

ANSWERS: {full name: functions}. HEART: for the exercise whose function a training runs on, a right answer as a reader
would type it into the stub, in another style than the solution's.
"""
