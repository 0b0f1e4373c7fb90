"""Threads that stay for the next piece of work."""

from __future__ import annotations

import threading

import pytest

from octoprint_layercapture.hands import Hands, Pool, Shut


def alive(name):
    return [each for each in threading.enumerate() if each.name == name]


def over(hands, name):
    assert hands.wait(name, 60)


def ended(threads):
    for each in threads:
        each.join(60)
        assert not each.is_alive()


def test_work_of_one_name_is_done_by_one_thread():
    hands, seen = Hands(), set()
    for _ in range(20):
        hands.do("one", lambda: seen.add(threading.get_ident()))
        over(hands, "one")
    assert len(seen) == 1


def test_a_thread_that_hangs_is_left_behind_and_replaced():
    hands, go_on, done = Hands(), threading.Event(), threading.Event()
    hands.do("hanging", lambda: go_on.wait(60))
    hands.do("hanging", done.set)
    assert done.wait(60)
    assert hands.busy("hanging") == 1
    go_on.set()
    over(hands, "hanging")


def test_threads_beyond_the_spare_ones_end():
    hands, go_on = Hands(spare=2), threading.Event()
    for _ in range(6):
        hands.do("many", lambda: go_on.wait(60))
    workers = alive("many")
    assert len(workers) == 6
    go_on.set()
    over(hands, "many")
    idle = list(hands._idle)
    assert len(idle) == 2
    for _ in range(2):
        hands.do("many", lambda: None)
    over(hands, "many")
    assert set(hands._idle) == set(idle)


def test_what_was_longest_without_work_ends_first():
    hands = Hands(spare_in_all=3)
    first = []
    hands.do("0", lambda: first.append(threading.current_thread()))
    over(hands, "0")
    for number in range(1, 5):
        hands.do(str(number), lambda: None)
        over(hands, str(number))
    ended(first)


def test_work_that_breaks_costs_no_thread(caplog):
    hands, seen = Hands(), []

    def fail():
        seen.append(threading.get_ident())
        raise RuntimeError("broken")

    for _ in range(2):
        hands.do("breaking", fail)
        over(hands, "breaking")
    assert seen[0] == seen[1]
    assert "broken" in caplog.text


def test_a_thread_holds_nothing_of_the_work_it_has_done():
    hands, gone = Hands(), threading.Event()

    class Picture:
        def __call__(self):
            pass

        def __del__(self):
            gone.set()

    hands.do("holding", Picture())
    over(hands, "holding")
    assert gone.wait(60)


def test_a_pool_works_in_turn_and_gives_its_threads_back():
    hands, seen = Hands(), []
    for _ in range(3):
        pool = Pool(1, "writer", hands)
        results = [pool.submit(lambda n: seen.append(n) or n, n) for n in range(5)]
        assert [each.result(60) for each in results] == list(range(5))
        pool.shutdown()
    assert seen == list(range(5)) * 3
    over(hands, "writer")
    assert len(hands._idle) == 1


def test_a_pool_has_no_more_at_work_than_agreed():
    hands, pool, go_on = Hands(), None, threading.Event()
    pool = Pool(2, "two", hands)
    results = [pool.submit(go_on.wait, 60) for _ in range(5)]
    assert hands.busy("two") == 2
    go_on.set()
    assert all(each.result(60) for each in results)


def test_a_pool_that_was_shut_takes_nothing_but_ends_what_it_has():
    pool, go_on = Pool(1, "shut", Hands()), threading.Event()
    first, second = pool.submit(go_on.wait, 60), pool.submit(lambda: "done")
    pool.shutdown(wait=False)
    with pytest.raises(Shut):
        pool.submit(lambda: None)
    go_on.set()
    assert first.result(60) and second.result(60) == "done"


def test_what_a_pool_did_not_begin_can_be_called_off():
    pool, begun, go_on = Pool(1, "off", Hands()), threading.Event(), threading.Event()
    first = pool.submit(lambda: begun.set() or go_on.wait(60))
    second = pool.submit(lambda: "done")
    assert begun.wait(60)
    pool.shutdown(wait=False, cancel_futures=True)
    assert second.cancelled()
    go_on.set()
    assert first.result(60)


def test_what_work_in_a_pool_raises_is_in_its_future():
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError):
        Pool(1, "raising", Hands()).submit(fail).result(60)


def test_a_thread_that_cannot_be_started_is_not_at_work(no_thread):
    hands, done = Hands(), threading.Event()
    no_thread.add("none")
    with pytest.raises(RuntimeError):
        hands.do("none", done.set)
    assert hands.busy("none") == 0
    assert hands.wait("none", 0)
    no_thread.clear()
    hands.do("none", done.set)
    assert done.wait(60)


def test_a_pool_works_again_once_a_thread_can_be_started(no_thread):
    pool, seen = Pool(1, "none", Hands()), []
    no_thread.add("none")
    for _ in range(2):
        with pytest.raises(RuntimeError):
            pool.submit(seen.append, "never")
    no_thread.clear()
    assert pool.submit(lambda: "later").result(60) == "later"
    assert seen == []
    pool.shutdown()


def test_what_a_pool_refused_is_not_done_by_the_threads_it_has(no_thread):
    hands, go_on, seen = Hands(), threading.Event(), []
    pool = Pool(2, "one", hands)
    first = pool.submit(go_on.wait, 60)
    no_thread.add("one")
    with pytest.raises(RuntimeError):
        pool.submit(seen.append, "never")
    no_thread.clear()
    others = [pool.submit(seen.append, number) for number in range(3)]
    go_on.set()
    for each in (first, *others):
        each.result(60)
    pool.shutdown()
    assert sorted(seen) == [0, 1, 2]
