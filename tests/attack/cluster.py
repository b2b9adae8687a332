from attack.part import Part
PART = Part("cluster", 0, lambda t: "")
