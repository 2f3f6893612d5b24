"""Instruments: questionnaires, how they are shown, read and scored."""
