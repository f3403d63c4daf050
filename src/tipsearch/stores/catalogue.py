"""Profiles and what they say, in memory: what a server keeps, read once for each state of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property

from tipsearch.corpus.profiles import fingerprint, fold
from tipsearch.stores.store import Filters, folded
from tipsearch.types import Evidence, Profile


class Catalogue:
    """Everything but passages: each profile's text and statements, in the order of the files."""

    def __init__(self, told: Iterable[tuple[Profile, tuple[Evidence, ...]]]) -> None:
        by_file = sorted(told, key=lambda pair: pair[0].file)
        self._profiles = {profile.id: profile for profile, _ in by_file}
        self._said = {profile.id: said for profile, said in by_file}

    def profile(self, profile_id: str) -> Profile | None:
        """Return a profile by its id, or None."""
        return self._profiles.get(profile_id)

    @cached_property
    def _by_title(self) -> list[Profile]:
        return sorted(self._profiles.values(), key=lambda p: (fold(p.title), p.id))

    def profiles(self) -> list[Profile]:
        """Return every profile, sorted by title, then id."""
        return list(self._by_title)

    def fingerprints(self) -> dict[str, str]:
        """Return each profile's fingerprint by file name."""
        return {profile.file: fingerprint(profile) for profile in self._profiles.values()}

    @cached_property
    def _by_field(self) -> Mapping[str, list[Evidence]]:
        fields: dict[str, list[Evidence]] = {}
        for said in self._said.values():
            for evidence in said:
                fields.setdefault(evidence.field, []).append(evidence)
        return fields

    def evidence(self, field: str, profile_id: str | None = None) -> list[Evidence]:
        """Return what is known of a field, of one profile or of all, in the order of the text."""
        if profile_id is None:
            return list(self._by_field.get(field, ()))
        return [said for said in self._said.get(profile_id, ()) if said.field == field]

    def field_values(self, field: str) -> list[str]:
        """Return the values a field has in any profile, sorted, each once."""
        values = {said.value for said in self._by_field.get(field, ())}
        return sorted(values, key=lambda value: (fold(value), value))

    @cached_property
    def _ids(self) -> Mapping[tuple[str, str], set[str]]:
        """Who has a value of a field, by field and value as they are compared."""
        ids: dict[tuple[str, str], set[str]] = {}
        for said in self._said.values():
            for evidence in said:
                held = ids.setdefault((evidence.field, fold(evidence.value)), set())
                held.add(evidence.profile_id)
        return ids

    def where(self, filters: Filters) -> frozenset[str]:
        """Return the ids of the profiles that have, for each field, one of its values."""
        matching = [
            set().union(*(self._ids.get((field, value), ()) for value in values))
            for field, values in folded(filters).items()
        ]
        return frozenset(set.intersection(*matching)) if matching else frozenset()


class Catalogued(ABC):
    """The part of a `Store` that is answered from its catalogue."""

    @property
    @abstractmethod
    def _catalogue(self) -> Catalogue:
        """Everything that profiles say, read when it is first needed."""

    def profile(self, profile_id: str) -> Profile | None:
        """Return a profile by its id, or None if there is none of that id."""
        return self._catalogue.profile(profile_id)

    def profiles(self) -> list[Profile]:
        """Return every profile, sorted by title, then id."""
        return self._catalogue.profiles()

    def fingerprints(self) -> dict[str, str]:
        """Return each profile's fingerprint by file name."""
        return self._catalogue.fingerprints()

    def evidence(self, field: str, profile_id: str | None = None) -> list[Evidence]:
        """Return what is known of a field, of one profile or of all, in the order of the text."""
        return self._catalogue.evidence(field, profile_id)

    def field_values(self, field: str) -> list[str]:
        """Return the values a field has in any profile, sorted, each once."""
        return self._catalogue.field_values(field)

    def where(self, filters: Filters) -> frozenset[str]:
        """Return the ids of the profiles that have, for each field, one of its values."""
        return self._catalogue.where(filters)
