"""The words of the form to sign in, and of the console before it has begun, in every language of the product: it is shown before anybody's language is known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {
            "title": "Sign in",
            "claim": "Mutual aid across the border",
            "name": "Name",
            "password": "Password",
            "submit": "Sign in",
            "language": "Language",
            "wrong": "No active user signs in with this name and this password. Check both and try again.",
            "wait": "There were too many tries. Try again in {seconds} s.",
            "forgotten": "Forgotten the password? An administrator of your member sets a new one.",
            "overview": "Overview",
            "no_server": "The server does not answer. This page goes on by itself as soon as it does; until then, ring.",
            "interface": "API for programs",
        },
        "de": {
            "title": "Anmelden",
            "claim": "Gegenseitige Hilfe über die Grenze",
            "name": "Name",
            "password": "Passwort",
            "submit": "Anmelden",
            "language": "Sprache",
            "wrong": "Mit diesem Namen und diesem Passwort meldet sich niemand an. Bitte beides prüfen und noch einmal versuchen.",
            "wait": "Das waren zu viele Versuche. In {seconds} s noch einmal versuchen.",
            "forgotten": "Passwort vergessen? Die Administration Ihres Mitglieds setzt ein neues.",
            "overview": "Überblick",
            "no_server": "Der Server antwortet nicht. Die Seite geht von selbst weiter, sobald er es tut; bis dahin bitte anrufen.",
            "interface": "API für Programme",
        },
        "fr": {
            "title": "Se connecter",
            "claim": "L'entraide à travers la frontière",
            "name": "Nom",
            "password": "Mot de passe",
            "submit": "Se connecter",
            "language": "Langue",
            "wrong": "Aucun utilisateur actif n'a ce nom et ce mot de passe. Vérifiez les deux et réessayez.",
            "wait": "Il y a eu trop d'essais. Réessayez dans {seconds} s.",
            "forgotten": "Mot de passe oublié\u00a0? Un administrateur de votre membre en définit un nouveau.",
            "overview": "Vue d'ensemble",
            "no_server": "Le serveur ne répond pas. Cette page continue d'elle-même dès qu'il répond\u00a0; d'ici là, téléphonez.",
            "interface": "API pour programmes",
        },
        "nl": {
            "title": "Aanmelden",
            "claim": "Elkaar helpen over de grens",
            "name": "Naam",
            "password": "Wachtwoord",
            "submit": "Aanmelden",
            "language": "Taal",
            "wrong": "Geen actieve gebruiker meldt zich aan met deze naam en dit wachtwoord. Controleer beide en probeer opnieuw.",
            "wait": "Er waren te veel pogingen. Probeer het over {seconds} s opnieuw.",
            "forgotten": "Wachtwoord vergeten? Een beheerder van uw lid stelt een nieuw in.",
            "overview": "Overzicht",
            "no_server": "De server antwoordt niet. Deze pagina gaat vanzelf verder zodra hij het doet; bel tot dan.",
            "interface": "API voor programma's",
        },
    }
)
