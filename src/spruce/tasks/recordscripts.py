"""What is done to the records of jobs in Redis in one step: scripts, each of which runs there as a whole.

All keys begin with the prefix that is the only KEYS. A record is the hash `job:<id>`; each state but the ends has a
sorted set for every queue and step of priority, by the time at which the record came into it; `failed` has those that
did. `turn` counts how often a job was given to the broker: only the message with the newest one begins the job, so
that a message which is there twice is no second run. `fence` counts begins, as in `store.py`.
"""

__all__ = ["SCRIPTS"]

_SHARED = """
local P = KEYS[1]
local LISTS = {READY = 'ready:', WAITING = 'waiting:', BLOCKED = 'blocked:', RUNNING = 'running:', FAILED = 'failed:'}
local ENDED = {SUCCESSFUL = true, FAILED = true, CANCELLED = true}
local function job(id) return P .. 'job:' .. id end
local function field(id, name) return redis.call('HGET', job(id), name) end
local function move(id, state, score)
  local found = redis.call('HMGET', job(id), 'state', 'queue', 'step')
  local place = found[2] .. ':' .. found[3]
  if LISTS[found[1]] then redis.call('ZREM', P .. LISTS[found[1]] .. place, id) end
  if LISTS[state] then redis.call('ZADD', P .. LISTS[state] .. place, score, id) end
  redis.call('HSET', job(id), 'state', state)
end
local function give(id, now)
  local run_after = tonumber(field(id, 'run_after'))
  redis.call('HINCRBY', job(id), 'turn', 1)
  move(id, run_after > tonumber(now) and 'WAITING' or 'READY', now)
end
local function blame(id, line)
  if line ~= '' then redis.call('HSET', job(id), 'errors', (field(id, 'errors') or '') .. line .. '\\n') end
end
local finish
local function settle(id, state, now, keep, freed)
  for _, name in ipairs({id, field(id, 'group_id') or ''}) do
    local followers = name ~= '' and redis.call('SMEMBERS', P .. 'followers:' .. name) or {}
    for _, follower in ipairs(followers) do
      if field(follower, 'state') == 'BLOCKED' then
        if state ~= 'SUCCESSFUL' then
          local why = 'job ' .. name .. ', which this one follows, is ' .. string.lower(state)
          blame(follower, '["spruce.errors.TaskException", "' .. why .. '"]')
          finish(follower, 'CANCELLED', now, keep, freed)
        elseif redis.call('HINCRBY', job(follower), 'pending', -1) <= 0 then
          give(follower, now)
          table.insert(freed, follower)
        end
      end
    end
  end
end
finish = function(id, state, now, keep, freed)
  move(id, state, now)
  local unique = field(id, 'unique_key')
  if unique and redis.call('GET', P .. 'unique:' .. unique) == id then redis.call('DEL', P .. 'unique:' .. unique) end
  redis.call('HSET', job(id), 'finished', now)
  redis.call('HDEL', job(id), 'unique_key', 'worker')
  settle(id, state, now, keep, freed)
  local seconds = math.ceil(tonumber(keep) * (state == 'FAILED' and 13 or 1))
  for _, key in ipairs({job(id), P .. 'followers:' .. id}) do redis.call('EXPIRE', key, seconds) end
end
"""

_ENTER = """
-- rows, as JSON: lists of names and values; returns the id of each, or of the one that has its unique key
local entered = {}
for _, text in ipairs(ARGV) do
  local row = cjson.decode(text)
  local id, unique = row.id, row.unique_key
  local other = unique and redis.call('GET', P .. 'unique:' .. unique)
  if redis.call('EXISTS', job(id)) == 1 then
    table.insert(entered, '')
  elseif other and redis.call('EXISTS', job(other)) == 1 then
    table.insert(entered, other)
  else
    for name, value in pairs(row) do redis.call('HSET', job(id), name, value) end
    if unique then redis.call('SET', P .. 'unique:' .. unique, id) end
    if row.follows then
      redis.call('SADD', P .. 'followers:' .. row.follows, id)
      redis.call('EXPIRE', P .. 'followers:' .. row.follows, 8000000)
    end
    if row.group_id then
      redis.call('RPUSH', P .. 'group:' .. row.group_id, id)
      redis.call('EXPIRE', P .. 'group:' .. row.group_id, 8000000)
    end
    redis.call('SADD', P .. 'queues', row.queue)
    redis.call('ZADD', P .. LISTS[row.state] .. row.queue .. ':' .. row.step, row.enqueued, id)
    table.insert(entered, id)
  end
end
return entered
"""

_BEGIN = """
-- id, turn, worker, now, whether it comes again, most lost, keep, error of a killer;
-- returns {'run', fields …} or {'give', ids …}
local id, turn, worker, now, again = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5] == '1'
local state = field(id, 'state')
local freed = {'give'}
if not state then return freed end
local newest = tonumber(field(id, 'turn'))
if again and (ENDED[state] or newest > turn) then
  -- who had it was killed before it could give the broker what comes next
  local waiting = {id}
  if ENDED[state] then waiting = redis.call('SMEMBERS', P .. 'followers:' .. id) end
  for _, one in ipairs(waiting) do
    local its = field(one, 'state')
    if its == 'READY' or its == 'WAITING' then give(one, now); table.insert(freed, one) end
  end
  return freed
end
if newest ~= turn or ENDED[state] or state == 'BLOCKED' then return freed end
if state == 'RUNNING' and redis.call('HINCRBY', job(id), 'lost', 1) >= tonumber(ARGV[6]) then
  blame(id, ARGV[8])
  finish(id, 'FAILED', now, ARGV[7], freed)
  return freed
end
redis.call('HINCRBY', job(id), 'attempts', 1)
redis.call('HINCRBY', job(id), 'fence', 1)
redis.call('HSETNX', job(id), 'started', now)
local workers = (field(id, 'workers') or '') .. ' ' .. worker
redis.call('HSET', job(id), 'worker', worker, 'attempted', now, 'workers', workers)
move(id, 'RUNNING', now)
return {'run', unpack(redis.call('HGETALL', job(id)))}
"""

_END = """
-- id, fence, state, finished, result, error, run after, change of attempts, of lost, now, keep;
-- returns false if it came too late, or ids
local id, state, now, freed = ARGV[1], ARGV[3], ARGV[10], {}
if field(id, 'state') ~= 'RUNNING' or field(id, 'fence') ~= ARGV[2] then return false end
blame(id, ARGV[6])
redis.call('HINCRBY', job(id), 'attempts', ARGV[8])
redis.call('HINCRBY', job(id), 'lost', tonumber(ARGV[9]))
if ENDED[state] then
  if ARGV[5] ~= '' then redis.call('HSET', job(id), 'result', ARGV[5]) end
  finish(id, state, now, ARGV[11], freed)
else
  redis.call('HSET', job(id), 'run_after', ARGV[7])
  redis.call('HDEL', job(id), 'worker')
  give(id, now)
  table.insert(freed, id)
end
return freed
"""

_CANCEL = """
-- id, now, keep; 0 if it has ended, 1 if it will not run, 2 if it runs
local state = field(ARGV[1], 'state')
if not state or ENDED[state] then return 0 end
finish(ARGV[1], 'CANCELLED', ARGV[2], ARGV[3], {})
return state == 'RUNNING' and 2 or 1
"""

_REPLAY = """
-- id, now; whether it will run again
local id, state = ARGV[1], field(ARGV[1], 'state')
if state ~= 'FAILED' and state ~= 'CANCELLED' then return 0 end
redis.call('PERSIST', job(id))
redis.call('HSET', job(id), 'attempts', 0, 'lost', 0, 'run_after', ARGV[2])
redis.call('HDEL', job(id), 'finished', 'progress')
give(id, ARGV[2])
return 1
"""

_RESEND = """
-- now, then ids and the turns that they were seen with; returns the ids that nobody else has given again
local freed = {}
for number = 2, #ARGV, 2 do
  local id, state = ARGV[number], field(ARGV[number], 'state')
  if LISTS[state] and state ~= 'BLOCKED' and state ~= 'FAILED' and field(id, 'turn') == ARGV[number + 1] then
    if state == 'RUNNING' then redis.call('HINCRBY', job(id), 'lost', 1) end
    give(id, ARGV[1])
    table.insert(freed, id)
  end
end
return freed
"""

_CLEAR = """
-- id; whether it had ended
local id, found = ARGV[1], redis.call('HMGET', job(ARGV[1]), 'state', 'queue', 'step')
if not ENDED[found[1]] then return 0 end
redis.call('ZREM', P .. 'failed:' .. found[2] .. ':' .. found[3], id)
return redis.call('DEL', job(id))
"""

_FORGET = """
-- ids of jobs that could not be given to the broker
for _, id in ipairs(ARGV) do
  if field(id, 'state') then finish(id, 'CANCELLED', 0, 0, {}) end
end
"""

_PROGRESS = """
-- id, fence, text
if field(ARGV[1], 'fence') == ARGV[2] and field(ARGV[1], 'state') == 'RUNNING' then
  redis.call('HSET', job(ARGV[1]), 'progress', ARGV[3])
end
"""

_PLANT = """
-- name, definition, next tick, the definition of before
local key = P .. 'schedule:' .. ARGV[1]
if (redis.call('HGET', key, 'definition') or '') == ARGV[4] then
  redis.call('HSET', key, 'definition', ARGV[2], 'next_at', ARGV[3])
  redis.call('SADD', P .. 'schedules', ARGV[1])
end
"""

_ADVANCE = """
-- name, tick, next tick; whether nobody else has moved it on
local key = P .. 'schedule:' .. ARGV[1]
if redis.call('HGET', key, 'next_at') ~= ARGV[2] then return 0 end
redis.call('HSET', key, 'next_at', ARGV[3], 'last_at', ARGV[2])
return 1
"""

SCRIPTS = {
    "enter": _SHARED + _ENTER,
    "begin": _SHARED + _BEGIN,
    "end": _SHARED + _END,
    "cancel": _SHARED + _CANCEL,
    "replay": _SHARED + _REPLAY,
    "resend": _SHARED + _RESEND,
    "clear": _SHARED + _CLEAR,
    "forget": _SHARED + _FORGET,
    "progress": _SHARED + _PROGRESS,
    "plant": _SHARED + _PLANT,
    "advance": _SHARED + _ADVANCE,
}
"""The scripts by name."""
