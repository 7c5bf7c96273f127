"""A local stand-in for the providers' administration APIs, fed by a model of one company.

It exists so that the demonstration's figures come through the real connectors. It imports nothing
of the portal, and the portal imports nothing of it except the company's description when the
demonstration organization is seeded.
"""
