from offhook.media.grid import PERIOD, Grid, Pace

MS = 1_000_000


def test_ticks_that_are_on_time_lie_on_the_grid() -> None:
    grid = Grid(0)
    for number in range(5):
        assert grid.due == number * PERIOD
        assert grid.begin(grid.due) == (0, 0)


def test_a_late_tick_does_not_move_the_ones_after_it() -> None:
    grid = Grid(0)
    assert grid.begin(7 * MS) == (7 * MS, 0)
    assert grid.due == PERIOD


def test_catching_up_is_no_burst() -> None:
    grid = Grid(0)
    now, starts = 55 * MS, []
    for _ in range(6):
        starts.append(now)
        assert grid.begin(now)[1] == 0
        now = grid.due
    assert starts == [55 * MS, 65 * MS, 75 * MS, 85 * MS, 95 * MS, 105 * MS]
    while grid.due % PERIOD:
        grid.begin(grid.due)
    assert grid.begin(grid.due) == (0, 0)  # back on the grid


def test_who_is_far_behind_leaves_ticks_out() -> None:
    grid = Grid(0)
    late, skipped = grid.begin(507 * MS)
    assert (late, skipped) == (507 * MS, 25)
    assert grid.due == 520 * MS


def test_the_pace_is_measured_and_begins_anew() -> None:
    pace = Pace()
    for number in range(100):
        pace.add(late=number * 1000, skipped=number == 50, busy=2_000_000)
    assert pace.take() == {
        "ticks": 100,
        "skipped": 1,
        "late_p50": 50,
        "late_p99": 99,
        "late_max": 99,
        "busy_p50": 2000,
        "busy_p99": 2000,
    }
    assert pace.take()["ticks"] == 0
