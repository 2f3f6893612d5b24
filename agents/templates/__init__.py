"""Prompt templates, and the bounded, frozen world that they see."""
