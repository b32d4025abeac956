-- How agents take turns in a group (`shared.protocol.TurnSettings`, what differs from its defaults), and the tools that an
-- agent may use (a list of names). JSON, since the directory only keeps them: nothing is ever looked for in there.

ALTER TABLE groups ADD COLUMN turns TEXT NOT NULL DEFAULT '{}';
ALTER TABLE agents ADD COLUMN tools TEXT NOT NULL DEFAULT '[]';
