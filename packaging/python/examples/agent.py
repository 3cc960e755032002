"""A LiveKit agent that hands its calls over to callspool.

Needs livekit-agents 1.2 or later, and callspool in PATH. Where the spool is, callspool reads from
CALLSPOOL_ROOT or its config file. Run it with `python agent.py dev`.
"""

from __future__ import annotations

import json
import logging

from livekit import api
from livekit.agents import (
    Agent,
    AgentSession,
    JobContext,
    RunContext,
    WorkerOptions,
    cli,
    function_tool,
)

from callspool_agent import CallspoolError, InvalidInput, Session, Spool

log = logging.getLogger("agent")

# On another disk than the spool: what cannot be written there is kept here.
RESCUE_DIR = "/var/tmp/callspool-rescue"


class Assistant(Agent):
    """Answers the telephone, and takes down who is interested."""

    def __init__(self, call: Session) -> None:
        super().__init__(instructions="You are Asha. When a caller is interested, create a lead.")
        self._call = call

    @function_tool
    async def create_lead(
        self,
        context: RunContext,
        name: str,
        email: str,
        company: str,
        interest: str,
        phone: str = "",
        job_title: str = "",
        budget: str = "",
        timeline: str = "",
    ) -> str:
        """Saves who is interested, and in what."""
        try:
            await self._call.acreate_lead(
                name, email, company, interest, phone, job_title, budget, timeline
            )
        except InvalidInput as error:
            return f"Ask again: {'; '.join(error.problems)}"
        except CallspoolError as error:
            # The lead goes into the spool with the call.
            log.error("the lead is not written yet: %s", error)
        return "The lead is saved."


async def save(call: Session, session: AgentSession) -> None:
    """Writes the call into the spool when it is over."""
    try:
        recorded = await call.asave_conversation_session(session.history)
        log.info("saved as %s", recorded.document)
    except CallspoolError as error:
        log.critical("the call is not saved: %s", error)


async def start_recording(ctx: JobContext, call: Session) -> None:
    """Lets LiveKit egress record the room; callspool finds the file by the egress id."""
    output = api.EncodedFileOutput(
        file_type=api.EncodedFileType.OGG, filepath=f"recordings/{ctx.room.name}.ogg"
    )
    egress = await ctx.api.egress.start_room_composite_egress(
        api.RoomCompositeEgressRequest(
            room_name=ctx.room.name, audio_only=True, file_outputs=[output]
        )
    )
    call.set_egress_id(egress.egress_id)


async def entrypoint(ctx: JobContext) -> None:
    """One call."""
    campaign = json.loads(ctx.job.metadata or "{}")
    call = Session(ctx.job.id, Spool(rescue_dir=RESCUE_DIR), campaign_metadata=campaign)
    call.set_dialed_number(campaign.get("dialedNumber"))
    session: AgentSession = AgentSession(
        stt="deepgram/nova-3", llm="openai/gpt-4.1-mini", tts="cartesia/sonic-2"
    )

    async def save_at_the_end() -> None:
        await save(call, session)

    # Before anything that can fail: from here on the call is saved, however it ends.
    ctx.add_shutdown_callback(save_at_the_end)
    await ctx.connect()
    await start_recording(ctx, call)
    await session.start(agent=Assistant(call), room=ctx.room)


if __name__ == "__main__":
    cli.run_app(WorkerOptions(entrypoint_fnc=entrypoint))
