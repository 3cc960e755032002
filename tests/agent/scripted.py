"""A language model that says what a script says: LiveKit's own `AgentSession` talks to it."""

from __future__ import annotations

import json

from livekit.agents import llm
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS


class ScriptedModel(llm.LLM):
    """Calls `create_lead` when the caller asks for it, and else gives its next line."""

    def __init__(self, lead: dict, lines: list[str]) -> None:
        super().__init__()
        self.lead = lead
        self.lines = list(lines)

    def chat(self, *, chat_ctx, tools=None, conn_options=DEFAULT_API_CONNECT_OPTIONS, **_):
        return _Stream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Stream(llm.LLMStream):
    async def _run(self) -> None:
        last = self._chat_ctx.items[-1]
        if last.type == "message" and "lead" in (last.text_content or ""):
            arguments = json.dumps(self._llm.lead)
            call = llm.FunctionToolCall(name="create_lead", arguments=arguments, call_id="call_1")
            delta = llm.ChoiceDelta(role="assistant", tool_calls=[call])
        else:
            delta = llm.ChoiceDelta(role="assistant", content=self._llm.lines.pop(0))
        self._event_ch.send_nowait(llm.ChatChunk(id="chunk", delta=delta))
