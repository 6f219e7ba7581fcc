"""Proofs by breaking it: real servers, databases and disks that fail while candidates answer.

``tests/delivery/test_breaking.py`` runs each case in its short form, ``benchmarks/faults.py`` in its long one.
"""
