"""What an editor wants to know of a `.nn` text: facts about places, without any protocol. Begin with `analysis.py`."""
