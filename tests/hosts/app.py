"""The notebook that marimo is given: one cell shows a widget, another button runs a cell."""

from __future__ import annotations

MARIMO = """import marimo
app = marimo.App()

@app.cell
def _():
    import marimo as mo
{start}
    return many, mo, spy

@app.cell
def _(mo):
    again = mo.ui.run_button(label="again")
    again
    return (again,)

@app.cell
def _(again, many, spy):
    again.value
{show}
    return

@app.cell
def _(mo):
    work = mo.ui.run_button(label="work")
    work
    return (work,)

@app.cell
def _(spy, work):
    if work.value:
        spy.run()
    return

if __name__ == "__main__":
    app.run()
"""
