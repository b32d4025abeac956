from durable_objects.limits import PATIENCE_FRAMES, Bucket, FrameLimiter, Limits


def test_a_bucket_gives_what_is_in_it_and_then_says_when_there_is_more() -> None:
    bucket = Bucket(2, 3, 0)
    assert [bucket.wait_ms(0) for _ in range(4)] == [0, 0, 0, 501]
    assert [bucket.wait_ms(499), bucket.wait_ms(501)] == [2, 0]


def test_what_lay_between_two_questions_goes_on_where_it_was() -> None:
    bucket = Bucket(1, 60, 0, tokens=0.5)
    assert bucket.wait_ms(250) == 251
    again = Bucket(1, 60, 250, tokens=bucket.tokens)
    assert again.wait_ms(501) == 0
    assert Bucket(1, 60, 0, tokens=60.0).wait_ms(10**9) == 0


def test_a_bucket_is_full_again_after_what_was_taken_came_back() -> None:
    bucket = Bucket(0.5, 10, 0)
    assert bucket.full_in_ms() == 1
    bucket.wait_ms(0)
    assert bucket.full_in_ms() == 2001


def test_the_limits_unless_somebody_sets_others() -> None:
    assert Limits() == Limits(50, 500, 1000, 5000, 20, 1000, single_use_routing_tokens=False)
    assert PATIENCE_FRAMES == 200


def test_a_bucket_that_is_not_empty_keeps_nobody_waiting() -> None:
    assert Bucket(1, 5, 0).next_in_ms() == 0
    assert Bucket(10, 5, 0).next_in_ms() == 0


def test_all_sockets_of_a_group_share_one_limit() -> None:
    limiter = FrameLimiter(Limits(group_frames_per_s=1, group_frames_burst=3))
    assert [limiter.wait_ms(socket, 0) for socket in "abcd"] == [0, 0, 0, 1001]
    assert [limiter.wait_ms(socket, 1000) for socket in "aa"] == [0, 1001]


def test_a_socket_that_never_waits_is_given_up_on_and_forgotten_with_its_count() -> None:
    limiter = FrameLimiter(Limits(socket_frames_per_s=1, socket_frames_burst=1))
    assert not limiter.out_of_patience("a")
    for _ in range(PATIENCE_FRAMES):
        limiter.wait_ms("a", 0)
    assert not limiter.out_of_patience("a"), "the first was granted"
    limiter.wait_ms("a", 0)
    assert limiter.out_of_patience("a")
    assert limiter.wait_ms("a", 1000) == 0
    assert not limiter.out_of_patience("a"), "who waits is forgiven"
    assert limiter.wait_ms("a", 1000) > 0
    limiter.forget("a")
    assert limiter.wait_ms("a", 1000) == 0
    limiter.forget("b")
