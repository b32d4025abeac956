from durable_objects.limits import Bucket


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
