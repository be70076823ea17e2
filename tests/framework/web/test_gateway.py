"""The gateway's door over real HTTP, on the embedded store."""


async def test_a_session_is_asked_for_seen_and_let_go(gateway):
    answer = await gateway.post("/join", {"bot": "hello", "room": "lobby"})
    assert answer.status == 202
    joined = answer.body
    assert joined == {
        "session_id": joined["pid"],
        "pid": joined["pid"],
        "room": "lobby",
        "status": "queued",
        "position": 1,
    }
    listed = (await gateway.get("/sessions?state=queued&room=lobby")).body["sessions"]
    assert [session["session_id"] for session in listed] == [joined["pid"]]
    left = await gateway.post(f"/sessions/{joined['pid']}/leave", {"reason": "changed my mind"})
    assert (left.status, left.body["status"]) == (202, "ended")
    seen = (await gateway.get(f"/sessions/{joined['pid']}")).body
    assert (seen["state"], seen["reason"]) == ("ended", "changed my mind")
