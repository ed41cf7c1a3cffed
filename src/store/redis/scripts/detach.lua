-- Detach: a session is over. Another one of the same user stays.
-- KEYS: 1 session. ARGV: 1 the session's address.
if redis.call('HGET', KEYS[1], 'address') == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return { 'done' }
