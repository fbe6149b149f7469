"""Rings as entries of Redis Streams: ids only, one stream for each class, each step one script or one command.

Keys, all in one slot of a Cluster (the braces): ``{PREFIX}:ring:urgent|standard|low`` are the streams, with the
consumer group ``workers``; ``{PREFIX}:rung`` says for each id in which stream, under which entry, its ring is.
Invariant: an id has one entry at most. An entry leaves its stream when it is acknowledged, so what a stream holds is
what was not taken yet and what was taken and never acknowledged. Streams have no longest length: the relay bounds what
is rung.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Sequence
from typing import Any, cast

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoScriptError, ResponseError

from procession.domain.analysis import Priority

CLASSES = (Priority.URGENT, Priority.STANDARD, Priority.LOW)
GROUP = "workers"
RECLAIM_SECONDS = 5.0
"""A ring that was taken and not acknowledged for this long (its consumer died, or SQL was away) is taken again."""
CONSUMER_IDLE_SECONDS_MAX = 600.0
"""A consumer that holds nothing and was not heard of for this long is forgotten."""
GIVEN_BACK_MAX = 1000
"""Rings of one class that a consumer gives back when it stops; the others wait to be reclaimed."""


_GONE = """
local function gone(answer)
  return string.sub(answer.err, 1, 7) == 'NOGROUP' or string.find(answer.err, 'no such key', 1, true) ~= nil
end
"""


class _Script:
    def __init__(self, text: str) -> None:
        self.text = _GONE + text
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


# KEYS of every script: the three streams, most urgent first, then the hash of what is rung.
_RING = _Script("""
local class, group, added = tonumber(ARGV[1]), ARGV[2], 0
for i = 3, #ARGV do
  local id, fresh = ARGV[i], true
  local known = redis.call('HGET', KEYS[4], id)
  if known then
    local at, entry = tonumber(string.sub(known, 1, 1)), string.sub(known, 3)
    if #redis.call('XRANGE', KEYS[at], entry, entry) > 0 then
      fresh = at > class
      if fresh then
        redis.call('XACK', KEYS[at], group, entry)
        redis.call('XDEL', KEYS[at], entry)
      end
    end
  end
  if fresh then
    local entry = redis.call('XADD', KEYS[class], '*', 'id', id)
    redis.call('HSET', KEYS[4], id, class .. ':' .. entry)
    added = added + 1
  end
end
return added
""")

_TAKE = _Script("""
local group, consumer, left, idle = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local taken = {}
local function keep(entries)
  for _, entry in ipairs(entries or {}) do
    if entry and entry[2] then
      taken[#taken + 1] = entry[2][2]
      left = left - 1
    end
  end
end
local function read(stream)
  return redis.pcall('XREADGROUP', 'GROUP', group, consumer, 'COUNT', left, 'STREAMS', stream, '>')
end
for class = 1, 3 do
  local stream = KEYS[class]
  if left > 0 and idle > 0 then
    local claimed = redis.pcall('XAUTOCLAIM', stream, group, consumer, idle, '0', 'COUNT', left)
    if not claimed.err then
      keep(claimed[2])
    elseif not gone(claimed) then
      return claimed
    end
  end
  if left > 0 then
    local found = read(stream)
    if found and found.err then
      if not gone(found) then return found end
      redis.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
      found = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', left, 'STREAMS', stream, '>')
    end
    if found then keep(found[1][2]) end
  end
end
return taken
""")

_ACKNOWLEDGE = _Script("""
local group = ARGV[1]
for i = 2, #ARGV do
  local known = redis.call('HGET', KEYS[4], ARGV[i])
  if known then
    local stream, entry = KEYS[tonumber(string.sub(known, 1, 1))], string.sub(known, 3)
    redis.call('XACK', stream, group, entry)
    redis.call('XDEL', stream, entry)
    redis.call('HDEL', KEYS[4], ARGV[i])
  end
end
""")

_DEPTH = _Script("""
local waiting = {}
for class = 1, 3 do
  local taken = redis.pcall('XPENDING', KEYS[class], ARGV[1])
  if taken.err and not gone(taken) then return taken end
  waiting[class] = redis.call('XLEN', KEYS[class]) - (taken.err and 0 or taken[1])
end
return waiting
""")

_GIVE_BACK = _Script("""
local group, consumer, most = ARGV[1], ARGV[2], ARGV[3]
local given = 0
for class = 1, 3 do
  local stream = KEYS[class]
  local held = redis.pcall('XPENDING', stream, group, '-', '+', most, consumer)
  if held.err then
    if not gone(held) then return held end
  else
    for _, one in ipairs(held) do
      local found = redis.call('XRANGE', stream, one[1], one[1])
      redis.call('XACK', stream, group, one[1])
      if #found > 0 then
        local id = found[1][2][2]
        redis.call('XDEL', stream, one[1])
        local entry = redis.call('XADD', stream, '*', 'id', id)
        redis.call('HSET', KEYS[4], id, class .. ':' .. entry)
        given = given + 1
      end
    end
    if #held < tonumber(most) then redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer) end
  end
end
return given
""")

_FORGET_CONSUMERS = _Script("""
local group, longest, forgotten = ARGV[1], tonumber(ARGV[2]), 0
for class = 1, 3 do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[class], group)
  if consumers.err then
    if not gone(consumers) then return consumers end
  else
    for _, told in ipairs(consumers) do
      local known = {}
      for i = 1, #told, 2 do known[told[i]] = told[i + 1] end
      if known['pending'] == 0 and known['idle'] >= longest then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[class], group, known['name'])
        forgotten = forgotten + 1
      end
    end
  end
end
return forgotten
""")


class Streams:
    """What one consumer does. Every method raises what the client raises (``redis_connection.Failure``).

    ``consumer`` is unique for each start of a process: a name that comes back would inherit what the dead one took.
    """

    def __init__(self, client: Redis | RedisCluster, prefix: str, consumer: str) -> None:
        self._client = client
        self._prefix = prefix
        self._consumer = consumer
        self._streams = [f"{{{prefix}}}:ring:{priority.value}" for priority in CLASSES]
        self._keys = [*self._streams, f"{{{prefix}}}:rung"]

    async def ring(self, ids: Sequence[str], priority: Priority) -> int:
        """How many entries were added: ids whose ring is there, in this class or a more urgent one, are left alone.

        An id in a less urgent class moves.
        """
        return int(await self._run(_RING, CLASSES.index(priority) + 1, GROUP, *ids)) if ids else 0

    async def take(self, count: int, *, reclaim: bool) -> list[str]:
        """At most ``count`` ids, urgent first, without waiting. Makes what is missing of streams and groups.

        ``reclaim``: also what others took ``RECLAIM_SECONDS`` ago and did not acknowledge.
        """
        idle = int(RECLAIM_SECONDS * 1000) if reclaim else 0
        taken: list[str] = await self._run(_TAKE, GROUP, self._consumer, count, idle)
        return taken

    async def wait(self, count: int, seconds: float) -> list[str]:
        """What arrives first, ``count`` of each class at most; nothing when time runs out or the group is gone."""
        try:
            found = await self._command(
                *("XREADGROUP", "GROUP", GROUP, self._consumer, "COUNT", count),
                *("BLOCK", max(1, int(seconds * 1000)), "STREAMS", *self._streams, ">", ">", ">"),
            )
        except ResponseError as error:
            if str(error).startswith(("NOGROUP", "UNBLOCKED")):  # Redis was wiped: the next take makes it anew
                return []
            raise
        return [fields["id"] for _, entries in found or () for _, fields in entries]

    async def acknowledge(self, ids: Sequence[str]) -> None:
        """Their entries leave, taken or not."""
        if ids:
            await self._run(_ACKNOWLEDGE, GROUP, *ids)

    async def depth(self) -> dict[Priority, int]:
        """Entries nobody took yet."""
        return dict(zip(CLASSES, await self._run(_DEPTH, GROUP), strict=True))

    async def give_back(self) -> int:
        """What this consumer took and did not acknowledge is rung again, and the consumer is forgotten."""
        return int(await self._run(_GIVE_BACK, GROUP, self._consumer, GIVEN_BACK_MAX))

    async def forget_consumers(self) -> int:
        """Consumers of processes that were killed; how many were forgotten."""
        return int(await self._run(_FORGET_CONSUMERS, GROUP, int(CONSUMER_IDLE_SECONDS_MAX * 1000)))

    async def probe(self) -> None:
        """Everything the queue asks of Redis, on keys of its own which leave no trace. Raises what is refused."""
        apart = Streams(self._client, self._prefix, self._consumer)
        apart._streams = [f"{stream}:probe:{self._consumer}" for stream in self._streams]
        apart._keys = [f"{key}:probe:{self._consumer}" for key in self._keys]
        await apart.ring(["probe"], Priority.URGENT)
        await apart.take(1, reclaim=True)
        await apart.depth()
        await apart.give_back()
        await apart.wait(1, 0.001)
        await self._command("XREAD", "COUNT", 1, "STREAMS", apart._streams[0], "$")  # for redis_changes
        await apart.acknowledge(["probe"])
        await apart.forget_consumers()
        await self._command("UNLINK", *apart._keys)

    async def _run(self, script: _Script, *arguments: str | int) -> Any:
        keys: tuple[str | int, ...] = (len(self._keys), *self._keys)
        try:
            return await self._command("EVALSHA", script.sha, *keys, *arguments)
        except NoScriptError:
            return await self._command("EVAL", script.text, *keys, *arguments)

    async def _command(self, *parts: Any) -> Any:
        return await cast(Awaitable[Any], self._client.execute_command(*parts))
