"""How an order left."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.orders.rules.handing_over import Collector
from pharmacy.orders.rules.reasons import Counselling


class HandOver(Base):
    """Who took an order along, how they were known, and what came of the offer of advice."""

    __tablename__ = "hand_overs"
    __table_args__ = (
        one_of("collector", Collector),
        one_of("counselling", Counselling),
        CheckConstraint(
            "collector = 'carrier' or jsonb_array_length(identifiers) >= 2", name="two_identifiers"
        ),
        CheckConstraint(
            "(collector = 'carrier') = (counselling = 'written-notice')", name="counselling_fits"
        ),
        CheckConstraint(
            "(counselling = 'accepted') = (counselled_by is not null)", name="counsellor_named"
        ),
        CheckConstraint(
            "collector <> 'representative' or length(collector_name) > 0", name="collector_named"
        ),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    identifiers: Mapped[list[Any]]
    """Kinds only: `name`, `birth-date`, …"""
    collector: Mapped[Collector]
    collector_name: Mapped[str]
    counselling: Mapped[Counselling]
    counselled_by: Mapped[UUID | None]
    counselling_needed_for: Mapped[list[Any]]
    """`rules.handing_over.counselling_needed_for`; empty where advice was given on request."""
    by_id: Mapped[UUID]
    at: Mapped[datetime]
