"""An agent behind a language model, at any provider that speaks OpenAI's chat completions.

The provider is a setting of the Agents Worker, `PROVIDERS`; its key is a secret under the name that stands there
(`wrangler secret put OPENAI_API_KEY --env agents`). The agent is a record that names both.
"""

import json

PROVIDERS = json.dumps([{"name": "openai", "base_url": "https://api.openai.com/v1", "key_secret": "OPENAI_API_KEY"}])
RESEARCHER = {
    "handle": "researcher",
    "name": "Researcher",
    "provider": "openai",
    "model": "gpt-5-mini",
    "instructions": "Search the history before you answer, and quote the seq of what you found, like (#12).",
    "tools": ["search_history", "get_members", "current_time", "fetch_url"],
}
