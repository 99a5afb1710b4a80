"""Objectives: what is counted, how much may fail, and when somebody is woken for it."""
